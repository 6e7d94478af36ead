"""Where compiled kernels are kept."""

from carpool.native import kernel_cache


def test_a_changed_engine_compiles_anew(tmp_path):
    source = tmp_path / "maps" / "engine" / "labels.py"
    source.parent.mkdir(parents=True)
    source.write_text("one")
    before = kernel_cache(tmp_path / "var", tmp_path)
    assert before == kernel_cache(tmp_path / "var", tmp_path)
    source.write_text("two")
    assert kernel_cache(tmp_path / "var", tmp_path) != before
