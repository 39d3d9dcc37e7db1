"""The server behind VS Code's YAML extension over the sample shop: no false error, and completions that help."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from fuzzing import EVERYTHING

ROOT = Path(__file__).parents[2]
SERVER = "yaml-language-server@1.15.0"
LONGEST = 90


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server's program, installed into a folder of its own."""
    if not shutil.which("npm"):
        pytest.skip("there is no npm on this machine")
    folder = tmp_path_factory.mktemp("server")
    install = ["npm", "install", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix", str(folder), SERVER]
    try:
        done = subprocess.run(install, check=False, capture_output=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        pytest.skip("the registry of npm does not answer")
    if done.returncode:
        pytest.skip("the registry of npm does not answer")
    return folder / "node_modules/.bin/yaml-language-server"


class Editor:
    """As much of an editor as the test needs: JSON-RPC over the server's standard streams."""

    def __init__(self, program, root):
        self.root, self.number, self.told = root, 0, {}
        self.process = subprocess.Popen([str(program), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask("initialize", processId=None, rootUri=root.as_uri(), capabilities={})
        self.say("initialized")
        settings = {"yaml": {"validate": True, "completion": True, "schemaStore": {"enable": False}}}
        self.say("workspace/didChangeConfiguration", settings=settings)

    def say(self, method, **params):
        self._send({"method": method, "params": params})

    def ask(self, method, **params):
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        return self._until(lambda answer: answer.get("id") == self.number and "method" not in answer)["result"]

    def problems(self, file, text):
        """What the server marks in `text`, shown as `file` of the project."""
        uri = (self.root / file).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.say("textDocument/didOpen", textDocument=document)
        published = self._until(
            lambda said: said.get("method") == "textDocument/publishDiagnostics" and said["params"]["uri"] == uri
        )
        return [problem["message"] for problem in published["params"]["diagnostics"]]

    def completions(self, file, text):
        """What it offers where `|` stands in `text`."""
        before, after = text.split("|")
        self.problems(file, before + after)
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        answer = self.ask("textDocument/completion", textDocument={"uri": (self.root / file).as_uri()}, position=place)
        return {item["label"] for item in answer["items"]}

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _until(self, wanted):
        while True:
            length = 0
            while (line := self.process.stdout.readline().strip()) or not length:
                assert line, "the server has ended"
                length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
            said = json.loads(self.process.stdout.read(length))
            if wanted(said):
                return said
            if "id" in said and "method" in said:  # it asks for our settings: it may take its own
                nothing = [None] * len(said.get("params", {}).get("items", []))
                self._send({"id": said["id"], "result": nothing})


@pytest.fixture
def editor(server, tmp_path):
    for name in ("campaigns", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "rules.yaml", tmp_path)
    opened = Editor(server, tmp_path)
    yield opened
    opened.process.kill()
    opened.process.wait()


EVERY_KEY = EVERYTHING.replace("hello/", "welcome/")
HEAD = "# yaml-language-server: $schema=../schemas/campaign.schema.json\n"
CAMPAIGN = HEAD + "title: Hello\naudience: orders = 0\nschedule: daily at 10:00\n"


def test_the_sample_shop_has_no_false_error_and_what_is_asked_for_is_offered(editor):
    for path in [ROOT / "rules.yaml", *sorted((ROOT / "campaigns").glob("*.yaml"))]:
        file = path.relative_to(ROOT).as_posix()
        assert editor.problems(file, path.read_text("utf-8")) == [], file
    wrong = editor.problems("campaigns/wrong.yaml", CAMPAIGN + "messages: [{send: email, template: a/b, subjet: x}]\n")
    assert any("subjet" in message for message in wrong)
    templates = editor.completions("campaigns/a.yaml", CAMPAIGN + "messages:\n  - send: email\n    template: |\n")
    assert {"winback/first", "welcome/hello"} <= templates
    ladder = editor.completions("campaigns/e.yaml", CAMPAIGN + "messages:\n  - send: email\n    template:\n      - |\n")
    assert {"winback/first", "welcome/hello"} <= ladder
    assert editor.problems("campaigns/f.yaml", HEAD + EVERY_KEY) == []
    steps = editor.completions("campaigns/b.yaml", CAMPAIGN + "enrich:\n  - |\n")
    assert "recommend" in steps
    keys = editor.completions("campaigns/c.yaml", CAMPAIGN + "|\n")
    assert {"messages", "send_within", "exit"} <= keys
    settings = editor.completions("campaigns/d.yaml", CAMPAIGN + "enrich:\n  - recommend:\n      |\n")
    assert "limit" in settings
