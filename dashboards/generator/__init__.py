"""The five dashboards as plain data: `panels` and `board` know Grafana, the other modules know toleranced."""
