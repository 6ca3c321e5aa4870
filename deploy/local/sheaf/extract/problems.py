"""Every way an extract or its import can be refused or stop.

Trouble
├── ExtractRefused   the folder, its description or a file as a whole is not what the contract says
└── ImportStopped    the import could not go on (service away, disk full); the same import resumes
"""

from sheaf.trouble import Trouble


class ExtractRefused(Trouble):
    """The extract is not what the contract says; nothing of the named file was sent."""


class ImportStopped(Trouble):
    """The import could not go on; what was acknowledged stays, the same command continues."""
