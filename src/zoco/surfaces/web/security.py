"""What may a page of ours load, and who may frame it?"""

from __future__ import annotations

from urllib.parse import urlsplit

from zoco.settings import Settings


def page_headers(settings: Settings) -> dict[str, str]:
    return {
        "Content-Security-Policy": content_security_policy(settings),
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "private, no-cache",
    }


def content_security_policy(settings: Settings) -> str:
    """No inline script or style anywhere; pictures and sound of other hosts only where the operator allows them."""
    media = " ".join(
        ["'self'", *_stores(settings), *(["https:", "http:"] if settings.remote_images == "allow" else [])]
    )
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {media} data:",
            f"media-src {media}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _stores(settings: Settings) -> list[str]:
    """Large files may be answered by a redirect to the object store."""
    if settings.storage_endpoint:
        parts = urlsplit(settings.storage_endpoint)
        return [f"{parts.scheme}://{parts.netloc}"]
    if settings.storage_url.startswith("s3://"):
        return ["https://*.amazonaws.com"]
    return []
