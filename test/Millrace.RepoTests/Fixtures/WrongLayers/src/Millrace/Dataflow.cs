namespace Millrace;

public sealed class Dataflow;
