"""The functions of ``import naslib_proxydata``: each turns its arguments into one call below."""
