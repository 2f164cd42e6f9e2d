"""What people look at: tables, contact sheets, report pages."""
