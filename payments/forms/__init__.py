"""What people and operators enter about money: parsed here, decided in services."""
