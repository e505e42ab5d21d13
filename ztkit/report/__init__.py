"""Figures, sections and the rendering of reports. Sections and figures are pure; `inputs` and `render` do the I/O."""
