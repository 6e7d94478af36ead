"""The demo: invented people with homes where people really live, and a day in their lives."""
