"""The segmentation doctor: names that jieba cuts apart, found in the documents, and the user's dictionary of them.

Nothing is imported here: the command line passes through on its way to every other command.
"""
