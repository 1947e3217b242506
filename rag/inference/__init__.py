"""BERT encoders computed by OpenVINO: graph, scales, compiled networks and what is kept of them."""
