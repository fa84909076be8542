[==========] Running 1 test(s).
[ RUN      ] a_long_sequence_of_operations_goes_as_the_rules_say
421 handed out, 264 reports, 6 passed over a step that was done
[       OK ] a_long_sequence_of_operations_goes_as_the_rules_say
[==========] 1 test(s) run.
[  PASSED  ] 1 test(s).
