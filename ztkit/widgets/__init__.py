"""Views over a workspace for people: the guided interview in JupyterLab and as a page of its own."""
