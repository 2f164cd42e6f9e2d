"""velatura for Nuke: trained looks as Groups of native nodes."""
