-- The clock period of a stored task moved from its objective to its Verilog part.
UPDATE task_snapshot
SET parsed = json_remove(
    json_set(parsed, '$.verilog.clock_ns', json_extract(parsed, '$.objective.clock_ns')),
    '$.objective.clock_ns'
)
WHERE json_extract(parsed, '$.objective.clock_ns') IS NOT NULL;
