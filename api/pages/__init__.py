"""What people see in a browser: pages and forms, over the same decisions as the JSON interface."""
