namespace Millrace.Tests;

public sealed class AssemblyTests
{
    /// <summary>What users see is named Millrace and nothing else is in their way.</summary>
    [Theory]
    [InlineData("Millrace")]
    [InlineData("Millrace.State")]
    [InlineData("Millrace.Runtime")]
    public void Assembly_OfTheEngine_LoadsAndCarriesAVersion(string name)
    {
        var assembly = System.Reflection.Assembly.Load(name);

        Assert.Equal(new Version(0, 1, 0, 0), assembly.GetName().Version);
    }
}
