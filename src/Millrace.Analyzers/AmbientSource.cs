using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Millrace.Analyzers;

/// <summary>Members whose value depends on when or where they are called.</summary>
internal static class AmbientSource
{
    const string TimeCure = "use the event time of the record ('record.Timestamp') or 'FunctionContext.Time'";
    const string ChanceCure = "derive it from the record, for example from its key, or from a Random with a fixed seed";

    /// <summary>The name and the cure if the operation reads the clock or chance.</summary>
    public static (string Name, string Cure)? Of(IOperation operation)
    {
        ISymbol? member = operation switch
        {
            IPropertyReferenceOperation property => property.Property,
            IInvocationOperation invocation => invocation.TargetMethod,
            IMethodReferenceOperation group => group.Method,
            IObjectCreationOperation creation => creation.Constructor,
            _ => null,
        };
        if (member?.ContainingType is not { } type) return null;
        string name = member is IMethodSymbol { MethodKind: MethodKind.Constructor } ? $"new {type.Name}()" : $"{type.Name}.{member.Name}";
        return type.ContainingNamespace.ToDisplayString() switch
        {
            "System" => OfSystem(type.Name, member) is { } cure ? (name, cure) : null,
            "System.Diagnostics" when type.Name == "Stopwatch" && (member.IsStatic || operation is IObjectCreationOperation) =>
                (name, TimeCure),
            "System.Security.Cryptography" when type.Name == "RandomNumberGenerator" && member.IsStatic => (name, ChanceCure),
            _ => null,
        };
    }

    static string? OfSystem(string type, ISymbol member) => (type, member.Name) switch
    {
        ("DateTime" or "DateTimeOffset", "Now" or "UtcNow" or "Today") => TimeCure,
        ("Environment", "TickCount" or "TickCount64") => TimeCure,
        ("TimeProvider", "System") => TimeCure,
        ("Guid", "NewGuid" or "CreateVersion7") => ChanceCure,
        ("Random", "Shared") => ChanceCure,
        ("Random", ".ctor") when ((IMethodSymbol)member).Parameters.IsEmpty => ChanceCure,
        _ => null,
    };
}
