"""The report of a year: complete, alone, safe and the same every time."""

import datetime as dt
import re
from html.parser import HTMLParser

import pytest

from ml.loop import report, story, svg
from ml.loop.record import Decision, DriftCell, Loop, Month, TrafficDay

AT = dt.datetime(2013, 5, 1, 6, tzinfo=dt.UTC)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ 7 * 7 }} & </title></style>'
VOID = {"meta", "path", "rect", "line", "br", "link", "img"}


class Reader(HTMLParser):
    """Collects ids, links and elements, and checks that what opens is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in VOID or tag in {"path", "rect"}:
            self.open.append(tag)
        self._keep(attrs)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)
        self._keep(attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def _keep(self, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name in {"href", "src"}:
                self.links.append(value)
            elif name.startswith("on"):
                self.handlers.append(name)


@pytest.fixture(scope="module")
def page(year: Loop, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("report") / "deep" / "loop.html"
    report.write(year, path)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    return reader


def section(page: str, name: str) -> str:
    return page.split(f'<section id="{name}">')[1].split("</section>", maxsplit=1)[0]


def empty(**parts) -> Loop:
    given = {
        "title": "A day",
        "task": "flights",
        "stack": "dev",
        "began": AT,
        "ended": AT,
        "first": dt.date(2013, 5, 1),
        "last": dt.date(2013, 5, 1),
    }
    return Loop.model_validate(given | parts)


def test_the_header_tells_the_year_in_numbers(page: str):
    header = page.split("</header>", maxsplit=1)[0]

    for words in ("365", "simulated days", "requests answered", "2 of 2", "faults held", "21 min"):
        assert words in header, words
    assert "2 promoted, 1 rolled back" in header
    assert "began with flights:1 and ended with flights:5" in header


def test_every_decision_has_its_row_its_reason_and_its_numbers(page: str, year: Loop):
    found = section(page, "decisions")

    assert found.count('class="decision"') == len(year.decisions)
    assert all(f'id="d{number}"' in found for number in range(1, len(year.decisions) + 1))
    assert "<dt>Brier gain</dt><dd>0.027</dd>" in found
    assert "<dt>seconds to rollback</dt><dd>1.9</dd>" in found
    assert found.count('<details class="month"') == 12


def test_the_timeline_marks_each_decision_in_its_lane_and_links_to_it(page: str, year: Loop):
    found = section(page, "timeline")

    for lane in ("Monitor", "Retraining", "Gate", "Release", "Rollback", "Fault"):
        assert f">{lane}</text>" in found, lane
    wide, narrow = re.findall(r'<svg[^>]*class="(?:wide|narrow)".*?</svg>', found, re.DOTALL)
    for drawing in (wide, narrow):
        assert len(re.findall(r'<a href="#d\d+"', drawing)) == len(year.decisions)
        assert drawing.count('class="release"') == len(year.releases)


def test_performance_stands_as_two_plots_and_as_a_table(page: str):
    found = section(page, "performance")

    assert found.count('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 540') == 2
    assert found.count('class="point champion"') == 2 * 9 + 1  # and one in the key
    assert "2013-06, champion flights:1: AUC 0.6680 (0.6500 to 0.6860)" in found
    assert "0.7520" in found


def test_the_heat_map_holds_each_metric_of_each_subject_in_each_window(page: str, year: Loop):
    found = section(page, "drift")

    cells = re.findall(r"<td class=\"[^\"]*\b(?:under|over)\b", found)
    assert len(cells) == 15 * 12
    assert found.count("<table") == 2
    paged = sum(cell.level == "page" for cell in year.drift)
    assert found.count('<span class="hidden"> page</span>') == paged
    assert found.index(">dewp<") < found.index(">origin<")


def test_traffic_is_drawn_by_day_and_summed_by_month(page: str, year: Loop):
    found = section(page, "traffic")

    assert found.count('class="area d-blue"') >= 2
    assert 'class="area d-green"' in found
    assert "green 40" in found or "failed (" in found
    blue = sum(
        day.requests for day in year.traffic if day.day.month == 3 and day.deployment == "blue"
    )
    assert f'<td class="right">{blue:,}</td>' in found


def test_alerts_releases_faults_and_costs_have_their_tables(page: str, year: Loop):
    assert section(page, "alerts").count("<tr>") == 2 + len(year.alerts)  # pages and notes
    assert section(page, "releases").count("<tr>") == 1 + len(year.releases)
    assert section(page, "faults").count("<tr>") == 1 + len(year.faults)
    assert section(page, "costs").count("<tr>") == 1 + len(year.costs)
    assert '<span class="badge bad">rolled back</span>' in section(page, "releases")


def test_the_page_needs_no_network_and_runs_no_script(page: str, read: Reader):
    assert not {"script", "link", "img", "iframe", "object", "base"} & read.seen
    assert all(link.startswith("#") for link in read.links)
    assert {link[1:] for link in read.links} <= set(read.ids)
    assert not read.handlers
    assert set(re.findall(r"https?://[^\"' )]+", page)) == {"http://www.w3.org/2000/svg"}
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_no_two_elements_share_an_id(read: Reader):
    assert len(read.ids) == len(set(read.ids))


def test_every_drawing_says_what_it_shows(page: str):
    drawings = re.findall(r"<svg [^>]*>", page)
    assert drawings
    assert all("aria-label=" in each or 'aria-hidden="true"' in each for each in drawings)


def test_the_page_has_a_dark_a_printed_and_a_narrow_form(page: str):
    for query in ("(prefers-color-scheme: dark)", "@media print", "(max-width: 46rem)"):
        assert query in page


def test_the_same_record_gives_the_same_bytes(page: str, year: Loop):
    assert report.page(Loop.model_validate_json(year.model_dump_json())) == page


def test_a_whole_year_stays_small(page: str):
    assert len(page.encode()) < 1_500_000


def test_hostile_words_stay_words():
    said = {"subject": HOSTILE, "reason": HOSTILE}
    record = empty(
        title=HOSTILE,
        task=HOSTILE,
        stack=HOSTILE,
        decisions=[
            {"at": AT, "kind": "gate", "verdict": HOSTILE, "numbers": {HOSTILE: HOSTILE}, **said}
        ],
        months=[
            {
                "month": "2013-05",
                "rows": 1,
                "labelled": 1,
                "champion": {"version": HOSTILE, "auc": 0.6, "brier": 0.2},
            }
        ],
        drift=[
            {"window": HOSTILE, "subject": HOSTILE, "metric": HOSTILE, "value": 1, "threshold": 2}
        ],
        traffic=[{"day": "2013-05-01", "deployment": HOSTILE, "requests": 2, "errors": 1}],
        alerts=[{"at": AT, "level": "page", "signal": HOSTILE, "event": HOSTILE, **said}],
        releases=[
            {
                "release": HOSTILE,
                "champion": HOSTILE,
                "challenger": HOSTILE,
                "began": AT,
                "ended": None,
                "ending": HOSTILE,
                "stages": [{"name": HOSTILE, "began": AT, "ended": AT, "share": 10}],
            }
        ],
        costs=[{"item": HOSTILE, "amount": 1, "unit": HOSTILE, "note": HOSTILE}],
        faults=[{"at": AT, "name": HOSTILE, "subject": HOSTILE, "did": HOSTILE, "held": False}],
    )

    made = report.page(record)
    reader = Reader()
    reader.feed(made)

    assert not {"script", "img"} & reader.seen
    assert not reader.handlers
    assert not reader.open
    assert "{{ 7 * 7 }}" in made
    assert made.count("</title></style>") == 0


def test_a_record_of_nothing_is_still_a_page():
    made = report.page(empty())

    assert "Nothing was decided." in made
    assert "nan" not in made
    assert 'id="traffic"' not in made
    assert 'href="#traffic"' not in made


def test_pages_come_before_notes_and_many_notes_are_folded(year: Loop):
    notes = [alert for alert in year.alerts if alert.level == "note"]
    many = year.model_copy(update={"alerts": (*notes * 5, *year.alerts)})

    found = section(report.page(many), "alerts")

    assert found.index(">page<") < found.index("<details>") < found.index(">note<")
    assert "18 to look at" in found
    assert "<details open>" in section(report.page(year), "alerts")
    none = year.model_copy(update={"alerts": tuple(notes)})
    assert "None woke anybody" in section(report.page(none), "alerts")


def test_the_sentence_leaves_out_what_did_not_happen(year: Loop):
    quiet = year.model_copy(update={"decisions": (), "releases": ()})

    assert "to retrain" not in story.sentence(quiet)
    assert "gave 2 models the traffic and sent 1 release back." in story.sentence(
        year.model_copy(update={"decisions": ()})
    )
    assert "looked at 9 reasons to retrain, gave 2 models" in story.sentence(year)


def test_traffic_without_a_failure_says_so():
    record = empty(traffic=[TrafficDay(day=dt.date(2013, 5, 1), deployment="blue", requests=5)])

    assert "no request failed" in report.page(record)


def test_a_few_decisions_lie_open_and_many_are_folded(page: str, year: Loop):
    few = year.model_copy(update={"decisions": year.decisions[:5]})

    assert '<details class="month" open>' in report.page(few)
    assert '<details class="month" open>' not in page


def test_months_without_numbers_and_cells_without_thresholds_are_shown_as_such():
    record = empty(
        months=[Month(month="2013-05", rows=3, labelled=0, champion=None)],
        drift=[
            DriftCell(window="w", subject="a", metric="PSI", value=0.3, threshold=None),
            DriftCell(window="w", subject="b", metric="PSI", value=None, threshold=0.1),
        ],
        traffic=[TrafficDay(day=dt.date(2013, 5, 1), deployment="blue", requests=0)],
    )

    made = report.page(record)

    assert ">0.3</td>" in section(made, "drift")
    assert '<td class="empty">-</td>' in section(made, "drift")


def test_the_decisions_stand_as_a_markdown_table_too(year: Loop):
    odd = Decision(
        at=AT, kind="gate", subject="a|b", verdict="rolled_back", reason="one\ntwo <b>", numbers={}
    )
    lines = report.markdown([*year.decisions, odd]).splitlines()

    assert len(lines) == 2 + len(year.decisions) + 1
    assert "| 2013-05-01 | gate | a\\|b | **rolled back** | one two &lt;b> |  |" in lines
    assert lines[2:] == sorted(lines[2:], key=lambda line: line[2:12])


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (True, "yes"), (12345, "12,345"), (0.00004, "4e-05"), (2.0, "2"), ("a", "a")],
)
def test_numbers_are_shown_short(value, shown: str):
    assert story.number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(40, "40 s"), (125, "2 min 05 s"), (1274, "21 min"), (8000, "2 h 13 min")],
)
def test_times_are_shown_as_people_say_them(seconds: int, shown: str):
    assert story.duration(dt.timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.113, 0.24), (0, 1047), (5, 5), (-0.02, 0.03), (0, 3)]
)
def test_ticks_are_round_and_cover_their_range(low: float, high: float):
    found = svg.ticks(low, high)

    assert found[0] <= low
    assert found[-1] >= high
    assert 2 <= len(found) <= 8
    assert found == sorted(set(found))


def test_a_deployment_named_after_a_colour_has_it():
    days = [
        TrafficDay(day=dt.date(2013, 5, number), deployment=name, requests=1)
        for number, name in enumerate(("v1", "green", "v2"), start=1)
    ]

    assert story.deployments(days) == {"v1": "d-blue", "green": "d-green", "v2": "d-orange"}


@pytest.mark.parametrize(
    ("verdict", "tone"),
    [("Rolled back", "bad"), ("keep_champion", "unsure"), ("promoted", "good"), ("wait", "plain")],
)
def test_verdicts_have_their_tone(verdict: str, tone: str):
    assert story.tone(verdict) == tone
