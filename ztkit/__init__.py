"""ztkit: how far an organisation is on its way to zero trust, proven and planned.

The job reads as five calls, each of which returns a value that the next one takes::

    collect -> evaluate -> score -> plan -> report

``ztkit.model`` says what things are, ``ztkit.content`` loads checks and questions,
``ztkit.engine`` runs KQL on an inventory, ``ztkit.assess`` scores, ``ztkit.report`` renders.
"""

__version__ = "0.1.0"
