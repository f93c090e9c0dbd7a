"""A module of models makes Django send its signals for this app."""
