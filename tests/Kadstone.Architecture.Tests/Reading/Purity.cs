using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Kadstone.Architecture.Tests.Reading;

/// <summary>Finds what the pure core must not touch, in the signatures and the IL of a type and of all that is nested in it.</summary>
/// <remarks>eng/BannedSymbols.txt says the same to the compiler. The IL also shows the <c>lock</c> keyword, and what a reference hides.</remarks>
internal static class Purity
{
    private static readonly (string Prefix, string Reason)[] s_bannedTypes =
    [
        ("System.Threading.", "the driver owns threads, tasks, timers and locks"),
        ("System.Runtime.CompilerServices.Async", "nothing in the core awaits"),
        ("System.Runtime.CompilerServices.TaskAwaiter", "nothing in the core awaits"),
        ("System.Runtime.CompilerServices.ValueTaskAwaiter", "nothing in the core awaits"),
        ("System.Runtime.CompilerServices.ConfiguredTaskAwaitable", "nothing in the core awaits"),
        ("System.Net.Sockets.", "the core is handed bytes"),
        ("System.IO.", "the core does no I/O"),
        ("Microsoft.Extensions.Logging.", "the core counts, the edge logs"),
        ("System.TimeProvider", "the core is handed an Instant"),
        ("System.Diagnostics.Stopwatch", "the core is handed an Instant"),
        ("System.Environment", "the core asks nobody for the time or the machine"),
        ("System.Console", "the core prints nothing"),
        ("System.Security.Cryptography.RandomNumberGenerator", "chance is handed in"),
        ("Kadstone.Crypto.SecureRandom", "chance is handed in"),
    ];

    private static readonly Dictionary<string, string> s_bannedMembers = new()
    {
        ["System.DateTime.get_Now"] = "the core is handed an Instant",
        ["System.DateTime.get_UtcNow"] = "the core is handed an Instant",
        ["System.DateTime.get_Today"] = "the core is handed an Instant",
        ["System.DateTimeOffset.get_Now"] = "the core is handed an Instant",
        ["System.DateTimeOffset.get_UtcNow"] = "the core is handed an Instant",
        ["System.Random.get_Shared"] = "chance is handed in",
        ["System.Guid.NewGuid"] = "chance is handed in",
        ["System.Guid.CreateVersion7"] = "chance and time are handed in",
    };

    /// <summary>One line for each thing that is used where it must not be.</summary>
    public static IEnumerable<string> Breaches(TypeDefinition type) => type.WithNested().SelectMany(BreachesOfOne).Distinct();

    /// <summary>Every outermost type that a type mentions, by its full name.</summary>
    public static IEnumerable<string> TypesUsed(TypeDefinition type) =>
        from one in type.WithNested()
        from used in UsedByShape(one)
            .Concat(one.Methods.SelectMany(UsedBySignature))
            .Concat(one.Methods.Where(method => method.HasBody).SelectMany(method => method.Body.Instructions).SelectMany(UsedByOperand))
        from part in Parts(used)
        select Outermost(part).FullName;

    private static IEnumerable<string> BreachesOfOne(TypeDefinition type)
    {
        foreach (TypeReference used in UsedByShape(type).SelectMany(Parts))
        {
            if (ReasonAgainst(used) is string reason)
            {
                yield return $"{type.FullName} is made of {used.FullName}: {reason}";
            }
        }

        foreach (MethodDefinition method in type.Methods)
        {
            foreach (TypeReference used in UsedBySignature(method).SelectMany(Parts))
            {
                if (ReasonAgainst(used) is string reason)
                {
                    yield return $"{method.AuthoredName()} has {used.FullName} in its signature: {reason}";
                }
            }

            foreach (Instruction instruction in method.HasBody ? method.Body.Instructions : [])
            {
                if (ReasonAgainst(instruction, method) is (string what, string reason))
                {
                    yield return $"{method.AuthoredName()} uses {what}: {reason}";
                }
            }
        }
    }

    private static IEnumerable<TypeReference> UsedByShape(TypeDefinition type) =>
        [
            .. type.BaseType is null ? [] : new[] { type.BaseType },
            .. type.Interfaces.Select(implemented => implemented.InterfaceType),
            .. type.Fields.Select(field => field.FieldType),
            .. type.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType),
        ];

    private static IEnumerable<TypeReference> UsedBySignature(MethodReference method) =>
        [method.ReturnType, .. method.Parameters.Select(parameter => parameter.ParameterType)];

    private static IEnumerable<TypeReference> UsedByOperand(Instruction instruction) => instruction.Operand switch
    {
        GenericInstanceMethod method => [method.DeclaringType, .. method.GenericArguments, .. UsedBySignature(method)],
        MethodReference method => [method.DeclaringType, .. UsedBySignature(method)],
        FieldReference field => [field.DeclaringType, field.FieldType],
        TypeReference type => [type],
        _ => [],
    };

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is null ? type : Outermost(type.DeclaringType);

    // A generic, an array, a reference or a modifier is what it is made of too.
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Prepend(generic.ElementType),
        TypeSpecification specification => Parts(specification.ElementType),
        GenericParameter => [],
        _ => [type],
    };

    private static string? ReasonAgainst(TypeReference type)
    {
        string name = Outermost(type).FullName;
        foreach ((string prefix, string reason) in s_bannedTypes)
        {
            if (prefix.EndsWith('.') || prefix.EndsWith("Async", StringComparison.Ordinal)
                ? name.StartsWith(prefix, StringComparison.Ordinal)
                : name == prefix || name.StartsWith(prefix + "`", StringComparison.Ordinal))
            {
                return reason;
            }
        }

        return null;
    }

    private static (string What, string Reason)? ReasonAgainst(Instruction instruction, MethodDefinition user)
    {
        // The compiler's iterators ask for the thread's number, to be handed out twice.
        if (instruction.Operand is MethodReference { Name: "get_CurrentManagedThreadId" } && user.DeclaringType.IsMadeUp())
        {
            return null;
        }

        if (instruction.Operand is MethodReference called)
        {
            string name = $"{called.DeclaringType.FullName}.{called.Name}";
            if (s_bannedMembers.TryGetValue(name, out string? why))
            {
                return (name, why);
            }

            if (instruction.OpCode == OpCodes.Newobj && called.DeclaringType.FullName == "System.Random" && called.Parameters.Count == 0)
            {
                return ("new Random() without a seed", "chance is handed in");
            }
        }

        foreach (TypeReference type in UsedByOperand(instruction).SelectMany(Parts))
        {
            if (ReasonAgainst(type) is string reason)
            {
                return (instruction.Operand is MethodReference method ? $"{method.DeclaringType.FullName}.{method.Name}" : type.FullName, reason);
            }
        }

        return null;
    }
}
