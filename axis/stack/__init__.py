"""The local stack: real servers and the axis' own processes on one machine, security on.

`life` starts and stops all; every server has a module that prepares its
folder and says how it is started. Nothing here runs in production.
"""
