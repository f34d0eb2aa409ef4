"""The web server: uvicorn, with what a Hub needs beside it."""
