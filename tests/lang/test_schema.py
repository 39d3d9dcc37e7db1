"""JSON Schemas for editors: committed, derived, and of one mind with the loader."""

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from regulars.campaigns import editors
from regulars.lang import schema
from regulars.lang.campaign import Campaign
from regulars.lang.complaints import family
from regulars.lang.model import Rules

ROOT = Path(__file__).parents[2]
CAMPAIGNS = sorted((ROOT / "campaigns").glob("*.yaml"))


def validator(name):
    loaded = json.loads((ROOT / "schemas" / name).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded)


def plain(path):
    """As an editor reads it: plain YAML, numbers as numbers."""
    return YAML(typ="safe", pure=True).load(path.read_text("utf-8"))


def test_the_committed_schemas_are_those_of_the_models():
    for name, text in schema.texts(editors.names_of(ROOT)).items():
        assert (ROOT / "schemas" / name).read_text("utf-8") == text, "run: regulars schema"


def test_writing_makes_the_folder(tmp_path):
    written = schema.write(tmp_path)
    assert [path.name for path in written] == ["rules.schema.json", "campaign.schema.json"]
    assert all(path.read_text("utf-8").startswith("{") for path in written)


def test_the_sample_rules_are_valid():
    validator("rules.schema.json").validate(plain(ROOT / "rules.yaml"))


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.stem)
def test_a_sample_campaign_is_valid(path):
    validator("campaign.schema.json").validate(plain(path))


def test_an_unknown_key_is_invalid():
    campaign = plain(CAMPAIGNS[0])
    campaign["messages"][0]["subjet"] = "We miss you"
    with pytest.raises(jsonschema.ValidationError, match="subjet"):
        validator("campaign.schema.json").validate(campaign)


def test_an_unknown_key_of_the_rules_is_invalid():
    rules = plain(ROOT / "rules.yaml")
    rules["guards"]["holdhout"] = "5%"
    with pytest.raises(jsonschema.ValidationError, match="holdhout"):
        validator("rules.schema.json").validate(rules)


def test_a_half_written_trait_is_invalid():
    rules = plain(ROOT / "rules.yaml")
    rules["traits"]["orders"] = {"from": "orders"}
    with pytest.raises(jsonschema.ValidationError):
        validator("rules.schema.json").validate(rules)


def test_short_forms_and_numbers_are_valid():
    campaign = plain(CAMPAIGNS[0]) | {"title": 2027}
    campaign["messages"][0] |= {"subject": "One for all", "offer": {"percent": 10, "next_time": 15, "valid": "3 days"}}
    validator("campaign.schema.json").validate(campaign)


def test_every_key_is_in_its_schema_and_described():
    known = {
        "rules.schema.json": json.loads((ROOT / "schemas/rules.schema.json").read_text("utf-8")),
        "campaign.schema.json": json.loads((ROOT / "schemas/campaign.schema.json").read_text("utf-8")),
    }
    for name, top in (("rules.schema.json", Rules), ("campaign.schema.json", Campaign)):
        for model in family(top):
            if model.__name__ in ("Segment", "Step", "Template"):
                continue
            found = known[name] if model is top else known[name]["$defs"][model.__name__]
            properties = found.get("properties") or found["anyOf"][1]["properties"]
            assert sorted(properties) == model.takes()
            assert all(part.get("description") for part in properties.values())


def test_a_projects_own_names_are_offered_and_never_demanded(tmp_path):
    names = schema.Names(
        templates=["hello/first"],
        steps={"recommend": {"properties": {"limit": {"type": "integer", "title": "Limit"}}}},
        campaigns=["hello"],
        tables=["orders"],
        languages=["ro"],
    )
    campaign = json.loads(schema.texts(names)["campaign.schema.json"])
    template = campaign["$defs"]["Message"]["properties"]["template"]
    assert template["anyOf"][0] == {"enum": ["hello/first"]}
    jsonschema.validate("not/written/yet", template)
    step, group = campaign["properties"]["enrich"]["items"]["anyOf"]
    assert step == {"enum": ["recommend"]}
    assert group["properties"]["recommend"]["properties"] == {"limit": {"type": "integer"}}
    rules = json.loads(schema.texts(names)["rules.schema.json"])
    assert rules["$defs"]["Guards"]["properties"]["first"]["items"]["anyOf"][0] == {"enum": ["hello"]}


def test_a_project_that_cannot_be_read_still_gets_its_schemas(tmp_path):
    (tmp_path / "rules.yaml").write_text("shop: [", encoding="utf-8")
    assert [path.name for path in editors.write(tmp_path)] == ["rules.schema.json", "campaign.schema.json"]
