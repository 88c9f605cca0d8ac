namespace Kadstone.Datagrams.Tests;

public sealed class SkeletonTests
{
    [Fact]
    public void The_project_builds() => typeof(SkeletonTests).Assembly.GetName().Name.ShouldBe("Kadstone.Datagrams.Tests");
}
