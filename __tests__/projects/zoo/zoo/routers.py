class Cage:
    """Refuses one model by its name, and whatever is hinted to be closed."""

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if hints.get("cage") == "closed":
            return False
        if app_label == "routed" and model_name == "hidden":
            return False
        return None
