using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Kadstone.Architecture.Tests.Reading;

/// <summary>The public API of an assembly, one line a type or member, each line whole in itself so that a sorted file can be compared.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(char)] = "char",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int",
        [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
    };

    public static IEnumerable<string> Describe(string assembly) =>
        Assembly.LoadFrom(Assemblies.PathOf(assembly)).GetExportedTypes().SelectMany(Lines).Distinct().Order(StringComparer.Ordinal);

    private static IEnumerable<string> Lines(Type type)
    {
        string name = FullName(type);
        yield return $"{name}: {KindOf(type)}";
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            yield return $"{name}: {Signature(type.GetMethod("Invoke")!)}";
            yield break;
        }

        NullabilityInfoContext nullability = new();
        foreach (MemberInfo member in type.GetMembers(Declared))
        {
            string? line = member switch
            {
                FieldInfo field when IsVisible(field) && !field.IsSpecialName => Line(field, nullability),
                PropertyInfo property => Line(property, nullability),
                EventInfo happening when IsVisible(happening.AddMethod) => $"event {Typed(nullability.Create(happening))} {happening.Name}",
                ConstructorInfo constructor when IsVisible(constructor) && !constructor.IsStatic => $"new({Parameters(constructor)})",
                MethodInfo method when IsVisible(method) && IsWritten(method) => Signature(method),
                _ => null,
            };
            if (line is not null)
            {
                yield return $"{name}: {line}";
            }
        }
    }

    private static bool IsVisible(MethodBase? method) =>
        method is not null && (method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && method.DeclaringType is { IsSealed: false }));

    private static bool IsVisible(FieldInfo field) =>
        field.IsPublic || ((field.IsFamily || field.IsFamilyOrAssembly) && field.DeclaringType is { IsSealed: false });

    // Accessors come with their property, and a record's own Equals, ToString and the like with the word record.
    private static bool IsWritten(MethodInfo method) =>
        !method.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal));

    private static string KindOf(Type type)
    {
        string modifiers = type switch
        {
            { IsInterface: true } or { IsEnum: true } => "",
            { IsValueType: true } => $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}",
            { IsAbstract: true, IsSealed: true } => "static ",
            { IsAbstract: true } => "abstract ",
            { IsSealed: true } => "sealed ",
            _ => "",
        };
        bool isRecord = type.GetMethod("PrintMembers", Declared) is not null;
        string kind = typeof(Delegate).IsAssignableFrom(type) ? "delegate"
            : type.IsInterface ? "interface"
            : type.IsEnum ? "enum"
            : (isRecord ? "record " : "") + (type.IsValueType ? "struct" : "class");
        string[] bases = type.IsEnum ? [Name(Enum.GetUnderlyingType(type))] : typeof(Delegate).IsAssignableFrom(type) ? [] : Bases(type);
        return $"{modifiers}{kind}{(bases.Length == 0 ? "" : " : " + string.Join(", ", bases))}{Constraints(type.GetGenericArguments())}";
    }

    private static string[] Bases(Type type)
    {
        Type? parent = type.BaseType is null || type.BaseType == typeof(object) || type.BaseType == typeof(ValueType) ? null : type.BaseType;
        IEnumerable<Type> interfaces = type.GetInterfaces()
            .Where(one => one.IsPublic && one.Namespace != "System.Numerics" && !(parent?.GetInterfaces().Contains(one) ?? false));
        return [.. parent is null ? [] : new[] { Name(parent) }, .. interfaces.Select(Name).Order(StringComparer.Ordinal)];
    }

    private static string Line(FieldInfo field, NullabilityInfoContext nullability)
    {
        string value = field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : "";
        string modifiers = field.IsLiteral ? "const " : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}";
        return field.DeclaringType is { IsEnum: true } ? $"{field.Name}{value}" : $"{modifiers}{Typed(nullability.Create(field))} {field.Name}{value}";
    }

    private static string? Line(PropertyInfo property, NullabilityInfoContext nullability)
    {
        bool reads = IsVisible(property.GetMethod);
        bool writes = IsVisible(property.SetMethod);
        if ((!reads && !writes) || property.Name == "EqualityContract")
        {
            return null;
        }

        MethodInfo accessor = (reads ? property.GetMethod : property.SetMethod)!;
        bool isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ?? false;
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        string name = property.GetIndexParameters().Length == 0 ? property.Name : $"this[{Parameters(property.GetIndexParameters())}]";
        return $"{required}{Modifiers(accessor)}{Typed(nullability.Create(property))} {name} {{ {(reads ? "get; " : "")}{(writes ? isInit ? "init; " : "set; " : "")}}}";
    }

    private static string Signature(MethodInfo method)
    {
        string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        string returned = Typed(new NullabilityInfoContext().Create(method.ReturnParameter));
        return $"{Modifiers(method)}{returned} {method.Name}{generic}({Parameters(method)}){Constraints(method.IsGenericMethod ? method.GetGenericArguments() : [])}";
    }

    private static string Modifiers(MethodBase method) =>
        $"{(method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "")}{(method.IsStatic ? "static " : "")}"
        + (method.DeclaringType is { IsInterface: true } && !method.IsStatic ? ""
            : method.IsAbstract ? "abstract "
            : method is MethodInfo { IsVirtual: true, IsFinal: false } info && method.DeclaringType is { IsSealed: false }
                ? info.GetBaseDefinition() == info ? "virtual " : "override "
            : method is MethodInfo { IsVirtual: true } overriding && overriding.GetBaseDefinition() != overriding ? "override " : "");

    private static string Parameters(MethodBase method)
    {
        string extends = method.IsDefined(typeof(ExtensionAttribute), inherit: false) ? "this " : "";
        return extends + Parameters(method.GetParameters());
    }

    private static string Parameters(ParameterInfo[] parameters)
    {
        NullabilityInfoContext nullability = new();
        return string.Join(", ", parameters.Select(parameter =>
        {
            string passed = !parameter.ParameterType.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
            string many = parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "";
            string preset = !parameter.HasDefaultValue ? ""
                : $" = {(parameter.DefaultValue is null && parameter.ParameterType.IsValueType ? "default" : Literal(parameter.DefaultValue))}";
            return $"{many}{passed}{Typed(nullability.Create(parameter))} {parameter.Name}{preset}";
        }));
    }

    private static string Constraints(Type[] parameters) => string.Concat(parameters.Where(parameter => parameter.IsGenericParameter).Select(parameter =>
    {
        GenericParameterAttributes attributes = parameter.GenericParameterAttributes;
        bool isStruct = attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        string[] constraints =
        [
            .. attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? ["class"] : isStruct ? new[] { "struct" } : [],
            .. parameter.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(Name),
            .. !isStruct && attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) ? new[] { "new()" } : [],
        ];
        return constraints.Length == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", constraints)}";
    }));

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        Enum named => $"{named.GetType().Name}.{named}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    // With the question marks of the source, also inside: IReadOnlyList<string?>?.
    private static string Typed(NullabilityInfo info)
    {
        Type type = info.Type.IsByRef ? info.Type.GetElementType()! : info.Type;
        string mark = !type.IsValueType && (info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable) ? "?" : "";
        string name = type.IsArray && info.ElementType is not null ? $"{Typed(info.ElementType)}[]"
            : type.IsGenericType && Nullable.GetUnderlyingType(type) is null && info.GenericTypeArguments.Length > 0 && !type.IsNested
                ? $"{Plain(type)}<{string.Join(", ", info.GenericTypeArguments.Select(Typed))}>"
                : Name(type);
        return name + mark;
    }

    private static string Name(Type type)
    {
        if (s_keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        return type switch
        {
            { IsByRef: true } => Name(type.GetElementType()!),
            { IsPointer: true } => Name(type.GetElementType()!) + "*",
            { IsArray: true } => Name(type.GetElementType()!) + "[]",
            { IsGenericParameter: true } => type.Name,
            _ when Nullable.GetUnderlyingType(type) is Type underlying => Name(underlying) + "?",
            _ when type.IsNested => $"{Name(type.DeclaringType!)}.{Plain(type)}{Arguments(type)}",
            _ => Plain(type) + Arguments(type),
        };
    }

    private static string FullName(Type type) => $"{type.Namespace}.{Name(type)}";

    private static string Plain(Type type) => type.Name.Split('`')[0];

    private static string Arguments(Type type) => type.IsGenericType ? $"<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : "";
}
