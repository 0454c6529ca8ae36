#!/bin/sh
# openpyxl 3.1.5 writes 16 significant digits of a number, so a workbook that was saved and read again holds other numbers.
#
# Expected: each float with the 17 digits that bring it back (what repr gives), and each int as it is.
# Seen:     0.1 + 0.2 comes back as 0.3, 18322.250011574075 (a day with its time) as 18322.25001157408, one part in 5e15
#           off, and 2**53 + 1 as 2**53. Every number passes through "%.16g", ints too.
# Cure:     give the text that is to stand in the cell: cell.value = repr(x), then cell.data_type = "n".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q openpyxl==3.1.5 et_xmlfile==2.0.0
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import openpyxl

values = [0.1 + 0.2, 18322.250011574075, 2**53 + 1]
book = openpyxl.Workbook()
for row, value in enumerate(values, 1):
    book.active.cell(row, 1, value)
    cell = book.active.cell(row, 2)
    cell.value = repr(value)
    cell.data_type = "n"
book.save("book.xlsx")
sheet = openpyxl.load_workbook("book.xlsx").active
plain = [sheet.cell(row, 1).value for row in (1, 2, 3)]
cured = [sheet.cell(row, 2).value for row in (1, 2, 3)]
print("saved", values, "read", plain, "cured", cured)
assert plain == [0.3, 18322.25001157408, 2**53]
assert cured == values
PYTHON
