"""The HTTP API's requests and responses, as its OpenAPI description shows them.

All positions are code points of a document's text, ``[start, end)``.
"""
