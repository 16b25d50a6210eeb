namespace Millrace.Streams // planted
{
    public sealed class WrongNamespace;
}

public sealed class Homeless; // planted
