"""The house behind the pages: one project, opened once for all requests."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from regulars.campaigns.desk import Desk, ProblemsFoundError
from regulars.campaigns.topics import topics
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger
from regulars.settings import Settings
from regulars.web.wording import LANGUAGES
from regulars.words.links import Links

HERE = "http://127.0.0.1"


@dataclass
class House:
    """What every request may use, from any thread.

    The project's files are looked at again when they change; one that has problems meanwhile changes nothing.
    """

    root: Path
    settings: Settings
    ledger: Ledger
    """Opened to write."""
    links: Links
    inbox: Inbox
    """Where what providers say is kept until it is expanded."""
    _desk: Desk = field(kw_only=True, repr=False)
    _stamp: str = field(default="", kw_only=True, repr=False)
    _looking: threading.Lock = field(default_factory=threading.Lock, kw_only=True, repr=False)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open the project in `root`.

        Raises ProblemsFoundError when its files have errors, OutsideError when the ledger cannot be reached.
        """
        stamp = _stamp(root)
        desk = Desk.open(root)
        # Without any address of the shop nothing was ever sent; there is no reason to stay shut for that.
        links = Links(desk.secret(), desk.settings.public_url, str(desk.rules.shop.site or HERE))
        inbox = Inbox.open(desk.settings.ledger, desk.folder)
        return cls(root, desk.settings, desk.ledger, links, inbox, _desk=desk, _stamp=stamp)

    def close(self) -> None:
        """Let go of the inbox and of the ledger."""
        self.inbox.close()
        self.ledger.close()

    @property
    def desk(self) -> Desk:
        """The project as its files are now."""
        with self._looking:
            if (stamp := _stamp(self.root)) != self._stamp:
                self._stamp = stamp
                with contextlib.suppress(ProblemsFoundError):
                    self._desk = Desk.open(self.root)
            return self._desk

    @property
    def shop(self) -> dict[str, str]:
        """What pages say about the shop: `name`, `email` (where it reads answers), `site`, as texts."""
        return {name: str(self.desk.shop_words[name]) for name in ("name", "email", "site")}

    def topic_of(self, campaign: str) -> str:
        """The topic that a campaign's reader can leave alone; empty where there is none, or no such campaign."""
        return topics(self.desk).get(campaign) or ""

    def written_by(self) -> dict[str, str]:
        """Campaign → topic, or empty, of all that ask for consent, whatever their status."""
        return {name: topic for name, topic in topics(self.desk).items() if topic is not None}

    def topics_by_channel(self) -> dict[str, list[str]]:
        """Channel → the topics of live campaigns that use it; only channels that one uses. E-mail comes first."""
        found: dict[str, set[str]] = {}
        topic_of = self.written_by()
        for name, campaign in self.desk.project.campaigns.items():
            if campaign.status != "live" or name not in topic_of:
                continue
            for message in campaign.messages:
                for channel in message.send.channels:
                    found.setdefault(channel, set()).update({topic_of[name]} - {""})
        return {channel: sorted(found[channel]) for channel in sorted(found)}

    def language(self, *wanted: str) -> str:
        """The first of `wanted` (tags such as `ro-MD`) that our pages are written in, else the shop's, else English."""
        own = [str(language) for language in self.desk.rules.shop.languages]
        for tag in (*wanted, *own):
            short = tag.strip().replace("_", "-").lower().partition("-")[0]
            if short in LANGUAGES:
                return short
        return "en"

    @property
    def is_encrypted(self) -> bool:
        """Whether people reach us by https."""
        return urlsplit(self.settings.public_url).scheme == "https"


def _stamp(root: Path) -> str:
    """Changes when the files change that a project is read from."""
    files = [root / "rules.yaml", *sorted((root / "campaigns").glob("*.yaml"))]
    return "\n".join(f"{file.name} {file.stat().st_mtime_ns}" for file in files if file.exists())
