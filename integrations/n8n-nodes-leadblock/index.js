// n8n loads what package.json names.
