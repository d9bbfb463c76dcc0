def load_model(settings):
    return settings["factory"]()
