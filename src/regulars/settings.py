"""Where secrets come from: the environment, or `.env` beside `rules.yaml`.

Only names that DESIGN lists exist. A channel with its credentials set is live; without, its messages go to the folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SENDGRID_URL = "https://api.sendgrid.com"
TWILIO_URL = "https://api.twilio.com"


class Settings(BaseSettings):
    """The environment, read once per command. Secrets never print themselves."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        extra="ignore",
        populate_by_name=True,
        # What is several by nature has its name behind the setting's: REGULARS_TELL_URL_CRM.
        env_nested_delimiter="_",
        env_nested_max_split=1,
    )

    ledger: str = Field("", alias="REGULARS_LEDGER")
    """SQLAlchemy URL; empty: SQLite in `.regulars/ledger.sqlite`."""
    lease_seconds: int = Field(60, ge=1, le=3600, alias="REGULARS_LEASE_SECONDS")
    """How long a worker may hold messages: longer than the longest request, which may take three quarters of it."""
    secret_key: SecretStr = Field(SecretStr(""), alias="REGULARS_SECRET_KEY")
    """Signs the links in messages; the first of several, separated by commas, signs, and all are believed. Empty: a
    random one, kept in `.regulars/secret`."""
    public_url: str = Field("", alias="REGULARS_PUBLIC_URL")
    """Where the web app is reached from outside; links and webhooks start with it."""
    channel: Literal["", "folder"] = Field("", alias="REGULARS_CHANNEL")
    """`folder` forces every message into the folder."""
    sendgrid_api_key: SecretStr = Field(SecretStr(""), alias="SENDGRID_API_KEY")
    sendgrid_url: str = Field(SENDGRID_URL, alias="REGULARS_SENDGRID_URL")
    sendgrid_rate: float = Field(0.0, ge=0, alias="REGULARS_SENDGRID_RATE")
    """Messages a second for the whole account; 0: as fast as it takes them."""
    sendgrid_webhook_key: str = Field("", alias="REGULARS_SENDGRID_WEBHOOK_KEY")
    """The public key that signed events are checked with; two, separated by a comma, while it is being changed."""
    webhook_max_age: int = Field(90_000, ge=60, alias="REGULARS_WEBHOOK_MAX_AGE")
    """Seconds after which a signed event is refused: SendGrid repeats for 24 hours, perhaps without signing anew."""
    twilio_account_sid: str = Field("", alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr = Field(SecretStr(""), alias="TWILIO_AUTH_TOKEN")
    twilio_url: str = Field(TWILIO_URL, alias="REGULARS_TWILIO_URL")
    twilio_messaging_service_sid: str = Field("", alias="TWILIO_MESSAGING_SERVICE_SID")
    twilio_from: str = Field("", alias="TWILIO_FROM")
    twilio_rate: float = Field(0.0, ge=0, alias="REGULARS_TWILIO_RATE")
    """Segments a second for the sender; 0: as fast as Twilio takes them."""
    proxies: int = Field(0, ge=0, le=10, alias="REGULARS_PROXIES")
    """How many proxies of your own stand before the web app: so many addresses at the end of X-Forwarded-For are
    believed. 0: none."""
    metrics_token: SecretStr = Field(SecretStr(""), alias="REGULARS_METRICS_TOKEN")
    """What `/metrics` asks for as a bearer token; empty: `/metrics` answers this machine alone."""
    orders_token: SecretStr = Field(SecretStr(""), alias="REGULARS_ORDERS_TOKEN")
    """What `POST /orders` asks for as a bearer token; two, separated by a comma, while it is being changed. Empty:
    nobody may post orders."""
    tell_url: dict[str, SecretStr] = Field({}, alias="REGULARS_TELL_URL")
    """Name in small letters → where `tell: {webhook: NAME}` posts answers to: REGULARS_TELL_URL_NAME. Such an address
    often is a key in itself."""
    tell_secret: dict[str, SecretStr] = Field({}, alias="REGULARS_TELL_SECRET")
    """The same names → what those posts are signed with: REGULARS_TELL_SECRET_NAME, `whsec_` and base64; two,
    separated by a comma, while it is being changed."""

    @classmethod
    def of(cls, project: Path) -> Settings:
        """The settings for the project in folder `project`: the environment over its `.env`."""
        return cls(_env_file=project / ".env")
