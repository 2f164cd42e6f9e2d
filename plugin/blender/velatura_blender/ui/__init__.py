"""What artists see: sidebar, menus, operators."""
