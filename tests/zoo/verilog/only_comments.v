// zoo: task=verilog/add8 expect=compile_error
// No module at all.
