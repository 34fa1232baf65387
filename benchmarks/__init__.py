"""Ratios of what this package costs against what SQLite and asyncio cost, measured in one run.

python -m benchmarks            every row
python -m benchmarks 5 6 11     some rows
"""
