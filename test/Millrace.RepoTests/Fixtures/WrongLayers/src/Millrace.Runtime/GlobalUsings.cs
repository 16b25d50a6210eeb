global using Everything = Millrace.Runtime.Tasks.ChainDriver;
