from msgspec.structs import replace

from edgeopt.report import notebook
from tests.report.sample import sample_run


def test_one_line_says_what_ships():
    line = notebook.line(sample_run())
    assert "\n" not in line
    assert "intel-cpu: ship openvino int8-static, 6.91 ms" in line
    assert "/home/ada/runs/lite0" in line


def test_the_table_has_the_chosen_and_ten_rows_at_most():
    table = notebook.table(sample_run())
    assert table.count("✓") == 2
    for one in table.split("<table>")[1:]:
        assert 1 < one.count("<tr>") <= 1 + notebook.MOST_ROWS
    assert "6.91 ms" in table


def test_names_are_no_html():
    run = sample_run()
    request = replace(run.request, source="<script>alert(1)</script>\x1b[31m")
    table = notebook.table(replace(run, request=request))
    assert "<script>" not in table
    assert "&lt;script&gt;" in table
    assert "\x1b" not in table
