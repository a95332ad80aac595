"""Two releases compared: what came, went and changed, object by object and link by link."""
