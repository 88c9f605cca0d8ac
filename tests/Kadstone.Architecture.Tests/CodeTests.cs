using Kadstone.Architecture.Tests.Reading;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Kadstone.Architecture.Tests;

/// <summary>The rules of the house that the compiled code shows best.</summary>
public sealed class CodeTests
{
    private static readonly string[] s_emptyNames = ["Manager", "Helper", "Helpers", "Utils", "Util", "Utilities", "Impl", "Common"];

    /// <summary>Who waits with a thread instead of an await, and why that is right there.</summary>
    private static readonly Dictionary<string, string> s_mayWait = new()
    {
        ["Kadstone.Mainline.MainlineDht.Close"] = "dht.js's node.close() is no promise: an event handler, which cannot await, may close the node",
    };

    private static IEnumerable<MethodDefinition> Methods =>
        Assemblies.All.Values.SelectMany(module => module.AllTypes()).SelectMany(type => type.Methods);

    [Fact]
    public void A_name_says_what_is_inside() =>
        Assemblies.All.Values.SelectMany(module => module.AllTypes())
            .Where(type => !type.IsMadeUp())
            .Where(type => s_emptyNames.Any(empty => type.Name.Split('`')[0].EndsWith(empty, StringComparison.Ordinal)))
            .Select(type => type.FullName)
            .ShouldBeNone($"A type whose name says nothing ({string.Join(", ", s_emptyNames)}):");

    [Fact]
    public void Nothing_is_async_void() =>
        Methods.Where(IsAsyncVoid)
            .Select(method => method.AuthoredName())
            .ShouldBeNone("async void: nobody can await it, and its exception ends the process:");

    [Fact]
    public void Nobody_waits_for_a_task_with_a_thread()
    {
        string[] waits = [.. Methods.Where(Waits).Select(AuthoredName).Distinct()];
        waits.Except(s_mayWait.Keys).ShouldBeNone(".Result, .Wait() or GetAwaiter().GetResult(): await it. Where that cannot be, enter it in CodeTests with the reason:");
        s_mayWait.Keys.Except(waits).ShouldBeNone("Waits no more: take it off the list:");

        static string AuthoredName(MethodDefinition method) => method.AuthoredName();
    }

    [Fact]
    public void The_checks_find_what_they_look_for()
    {
        MethodDefinition[] methods = [.. Assemblies.OwnTests.GetType("Kadstone.Architecture.Tests.CodeTests/Offences").WithNested().SelectMany(type => type.Methods)];
        methods.Where(IsAsyncVoid).Select(method => method.Name).ShouldBe([nameof(Offences.Forgets)]);
        methods.Where(Waits).Select(method => method.Name).Order().ShouldBe([nameof(Offences.TakesResult), nameof(Offences.WaitsForAwaiter), nameof(Offences.WaitsForTask)]);
    }

    private static bool IsAsyncVoid(MethodDefinition method) =>
        method.ReturnType.FullName == "System.Void" && method.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "AsyncStateMachineAttribute");

    private static bool Waits(MethodDefinition method) =>
        // What the compiler made of an await asks its awaiter, and of an async Main waits for it.
        method is { HasBody: true, Name: not "MoveNext" and not "<Main>" }
        && method.Body.Instructions.Any(instruction => instruction.OpCode != OpCodes.Ldftn && instruction.Operand is MethodReference called && IsWait(called))
        || method is { HasBody: true, Name: "MoveNext" } && method.Body.Instructions.Any(instruction => instruction.Operand is MethodReference { Name: not "GetResult" } called && IsWait(called));

    private static bool IsWait(MethodReference called)
    {
        string type = called.DeclaringType.GetElementType().FullName;
        bool isTask = type is "System.Threading.Tasks.Task" or "System.Threading.Tasks.Task`1" or "System.Threading.Tasks.ValueTask`1";
        bool isAwaiter = type.StartsWith("System.Runtime.CompilerServices.", StringComparison.Ordinal) && type.Contains("TaskAwaiter", StringComparison.Ordinal);
        return (isTask && called.Name is "Wait" or "WaitAll" or "WaitAny") || (isTask && called.Name == "get_Result") || (isAwaiter && called.Name == "GetResult");
    }

#pragma warning disable CA1849, CA2012, xUnit1031, VSTHRD100
    private static class Offences
    {
        public static async void Forgets() => await Task.Yield();

        public static int TakesResult(Task<int> task) => task.Result;

        public static void WaitsForTask(Task task) => task.Wait();

        public static void WaitsForAwaiter(ValueTask task) => task.GetAwaiter().GetResult();

        public static async Task<int> IsInnocent(Task<int> task) => await task.ConfigureAwait(false);
    }
}
