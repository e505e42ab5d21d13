"""The way out to Azure and Microsoft Graph: Microsoft's own clients, at the services' quota, that can only read."""
