"""Messages as files."""

from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

import pytest
from channel_peers import ask
from hypothesis import given
from hypothesis import strategies as st

from regulars.channels.folder import Folder, letter
from regulars.testing import example, frozen

MORNING = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)


def parsed(octets: bytes):
    return BytesParser(policy=policy.default).parsebytes(octets)


def words(octets: bytes, subtype: str) -> str:
    """The part's text as it was before mail gave it its own line ends."""
    return parsed(octets).get_body((subtype,)).get_content().replace("\r\n", "\n")


def test_a_letter_is_proper_mime_that_a_mail_program_reads(tmp_path):
    with frozen(MORNING):
        answer = ask(Folder(tmp_path), replace(example("email", text="Bună, Инна"), message_id="m1", attempt_id="a1"))[
            0
        ]
    read = parsed((tmp_path / "2026-03-01" / "email" / "m1.eml").read_bytes())
    assert (answer.outcome, answer.provider_id) == ("accepted", "m1.eml")
    assert dict(read.items()) | {"Content-Type": ""} == {
        "From": "Casa Verde <salut@example.org>",
        "To": "customer1@example.com",
        "Reply-To": "ajutor@example.org",
        "Subject": "Ștefan, ne este dor de tine",
        "Date": "Sun, 01 Mar 2026 07:30:00 +0000",
        "Message-ID": "<m1@regulars.invalid>",
        "List-Unsubscribe": "<https://example.org/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "X-Regulars-Attempt": "a1",
        "MIME-Version": "1.0",
        "Content-Type": "",
    }
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert read.get_body(("html",)).get_content() == "<p>Bună, Инна</p>"
    assert not read.defects


def test_an_sms_is_two_header_lines_and_the_words(tmp_path):
    with frozen(MORNING):
        ask(Folder(tmp_path), replace(example("sms", text="Bună, Инна"), message_id="m1"))
    written = (tmp_path / "2026-03-01" / "sms" / "m1.txt").read_text(encoding="utf-8")
    assert written == "To: +40700000001\nFrom: CasaVerde\n\nBună, Инна\n"


def test_the_same_message_writes_the_same_file(tmp_path):
    with frozen(MORNING):
        for _ in range(2):
            ask(Folder(tmp_path), example("email"))
            [file] = [path for path in tmp_path.rglob("*") if path.is_file()]
            assert file.read_bytes() == letter(example("email"), MORNING)


def test_a_line_too_long_for_mail_arrives_whole(tmp_path):
    html = "<p>" + "ășț" * 5000 + "</p>"
    octets = letter(replace(example("email"), html=html), MORNING)
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert parsed(octets).get_body(("html",)).get_content() == html


@pytest.mark.parametrize("name", ["Casa Verde", "Casă „Verde”", "Verde, Casa & Fiii", "Зелёный дом", ""])
def test_the_senders_name_survives(name):
    octets = letter(replace(example("email"), sender=f"{name} <salut@example.org>"), MORNING)
    [sender] = parsed(octets)["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "salut@example.org")


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), min_size=1, max_size=2000)


@given(text=TEXT.filter(str.strip), html=TEXT.filter(str.strip), subject=st.text("aășт –€", min_size=1, max_size=150))
def test_every_letter_reads_back_as_it_was_written(text, html, subject):
    octets = letter(replace(example("email"), text=text, html=html, subject=f"x{subject}x"), MORNING)
    assert words(octets, "plain") == text
    assert words(octets, "html") == html
    assert parsed(octets)["Subject"] == f"x{subject}x"


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?q?not_encoded?=", "Dear Ana " * 60 + "!", "10% off", "ș" * 300, "👩‍👩‍👧" * 20],
    ids=["looks encoded", "long", "plain", "long and not ASCII", "characters of many octets"],
)
def test_any_subject_survives_in_lines_short_enough_for_mail(subject):
    octets = letter(replace(example("email"), subject=subject), MORNING)
    assert parsed(octets)["Subject"] == subject
    assert all(len(line) <= 76 for line in octets.split(b"\r\n") if b"=?utf-8?b?" in line)


def test_a_boundary_inside_the_words_ends_nothing():
    message = example("email")
    text = f"--=_{message.message_id}--\nand on"
    assert words(letter(replace(message, text=text), MORNING), "plain") == text


def test_a_folder_that_cannot_be_written_is_not_sent_and_leaves_nothing_half_done(tmp_path):
    (tmp_path / "file").write_text("in the way")
    answer = ask(Folder(tmp_path / "file"), example("email"))[0]
    assert (answer.outcome, answer.reason) == ("notsent", "the folder cannot be written: Not a directory")


def test_a_file_that_cannot_take_its_place_leaves_no_draft(tmp_path):
    with frozen(MORNING):
        (tmp_path / "2026-03-01" / "sms" / f"{example('sms').message_id}.txt" / "in the way").mkdir(parents=True)
        answer = ask(Folder(tmp_path), example("sms"))[0]
    assert answer.outcome == "notsent"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
