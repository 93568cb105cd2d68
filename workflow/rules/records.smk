"""Snakemake's own records, on which nothing depends here: those that would stop it are removed before it reads them."""

import shutil

from snakemake.persistence import MetadataRecord

RECORDS = Path(".snakemake/metadata")


def is_readable(record):
    """Tell whether Snakemake can go on with a record; it ignores what is cut short, as while another one writes it."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        MetadataRecord.model_validate(content or {})
    except json.JSONDecodeError:
        return True
    except (OSError, ValueError, RecursionError):
        return not record.exists()
    return True


def remove_unreadable():
    for folder in (RECORDS, RECORDS.with_name("incomplete")):
        if folder.is_file():
            folder.unlink()
    # Long names are split: folders that start with @ hold their parts.
    for record in [path for path in RECORDS.rglob("*") if not (path.is_dir() and path.name.startswith("@"))]:
        if record.is_dir():
            shutil.rmtree(record)
        elif not is_readable(record):
            record.unlink(missing_ok=True)


if workflow.is_main_process:
    remove_unreadable()
