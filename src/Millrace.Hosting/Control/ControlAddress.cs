using System.Globalization;

namespace Millrace.Hosting;

/// <summary>
/// Where the process that runs a job can be asked, as its claim says: <c>tcp://machine:port/?token=…</c>. It listens on the loopback of its
/// machine alone, so the name tells whether it can be reached from here. Immutable. Printing it leaves the token out.
/// </summary>
/// <param name="Machine">The name of the machine.</param>
/// <param name="Port">The port on its loopback: 1 to 65,535.</param>
/// <param name="Token">Chance that only readers of the store know: letters and digits.</param>
public sealed record ControlAddress(string Machine, int Port, string Token)
{
    const string Scheme = "tcp://", TokenPart = "/?token=";

    /// <summary>Reads an address; null when it is none of this kind.</summary>
    /// <param name="text">What a claim says.</param>
    public static ControlAddress? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int slash = text.IndexOf(TokenPart, StringComparison.Ordinal);
        if (!text.StartsWith(Scheme, StringComparison.Ordinal) || slash < 0) return null;
        string place = text[Scheme.Length..slash];
        int colon = place.LastIndexOf(':');
        bool isPort = int.TryParse(place.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= 65_535;
        string token = text[(slash + TokenPart.Length)..];
        return colon > 0 && isPort && token.Length > 0 ? new(place[..colon], port, token) : null;
    }

    /// <summary>As it stands in the claim, with the token.</summary>
    public string ToClaim() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Machine}:{Port}{TokenPart}{Token}");

    /// <summary>For people: without the token.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Machine}:{Port}");
}
