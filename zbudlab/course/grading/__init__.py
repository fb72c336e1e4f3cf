"""Marks you can trust: the parent process decides, the student's code only answers.

`collecting` finds submissions and `notebook` reads one. `copies` makes copies of the package
without the functions under test. `sandbox` runs code behind bubblewrap, with `worker` inside.
`grader` compares answers and stores verdicts; `marks`, `feedback` and `gradebook` write them out.
"""
