"""What a support desk does with reports: compare two, hide whose they are.

It knows reports as documents (report.json), so that what was written last year is as good as what
was read a minute ago.
"""
