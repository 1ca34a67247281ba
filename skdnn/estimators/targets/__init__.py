"""What a network learns to give: classes or numbers, and what their rows weigh."""
