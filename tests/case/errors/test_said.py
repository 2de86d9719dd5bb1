import pytest

from analyzer.case.errors.said import Weight, folded, said


def test_an_exception_of_sm_names_its_call_and_its_text() -> None:
    told = said(
        "SM",
        "***** generic exception: vdi_snapshot: EXCEPTION <class 'xs_errors.SROSError'>, "
        'Failed to snapshot VDI [opterr=x]\n  File "/opt/xensource/sm/SRCommand.py", line 1',
        loud=False,
    )
    assert told is not None
    assert (told.weight, told.call) == (Weight.RAISED, "vdi_snapshot")
    assert told.text == "Failed to snapshot VDI [opterr=x]"


def test_the_class_of_a_python_exception_is_told() -> None:
    told = said("SMGC", "gc: EXCEPTION <class 'TypeError'>, super(type, obj): odd", loud=False)
    assert told is not None
    assert told.text == "TypeError: super(type, obj): odd"


def test_the_same_error_of_sm_and_of_xapi_has_the_same_text() -> None:
    built = said("SM", "Raising exception [46, The VDI is not available [opterr=y]]", loud=False)
    passed_on = said(
        "xapi",
        "Async.VM.start R:0a1b2c3d4e5f failed with exception "
        "Server_error(SR_BACKEND_FAILURE_46, [ ; The VDI is not available [opterr=y];  ])",
        loud=True,
    )
    assert built is not None
    assert passed_on is not None
    assert (built.code, built.text) == (passed_on.code, passed_on.text)
    assert passed_on.call == "VM.start"


@pytest.mark.parametrize(
    "message",
    [
        "Raised Server_error(VDI_IN_USE, [ OpaqueRef:1; destroy ])",
        "1/13 xapi @ jupiter Raised at file ocaml/xapi/rbac.ml, line 231",
        "2/3 xapi Called from file ocaml/xapi/server_helpers.ml, line 78",
        "",
    ],
)
def test_a_frame_of_a_backtrace_is_no_error_of_its_own(message: str) -> None:
    assert said("xapi", message, loud=True) is None


def test_a_command_that_holds_a_word_of_failure_is_none() -> None:
    assert said("SM", "['/sbin/mount', '-o', 'errors=remount-ro', '/dev/x']", loud=False) is None


def test_texts_that_differ_in_objects_and_sizes_are_folded() -> None:
    one = "VHD *3f7a91d2(80.000G/2.155G) of 6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913 corrupted"
    other = "VHD *1f7a91d3(20.000G/7.155G) of 0b0c1a3e-9d1f-4c55-8a47-2f60b7c0e914 corrupted"
    assert folded(one) == folded(other)


def test_texts_that_differ_in_their_error_number_are_not_folded() -> None:
    assert folded("VDI clone failed error 13") != folded("VDI clone failed error 28")
