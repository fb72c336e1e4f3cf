"""Marks you can trust: the parent process decides, the student's code only answers.

`collecting` finds submissions, `notebook` reads one, `copies` makes packages without the functions
under test, `sandbox` runs code behind bubblewrap with `worker` inside, `grader` compares and keeps
verdicts, `marks`, `feedback` and `gradebook` write them down.
"""
