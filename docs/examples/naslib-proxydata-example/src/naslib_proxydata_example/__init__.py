"""A predictor, a selector and a lifecycle hook for naslib-proxydata."""
